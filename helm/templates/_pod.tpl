{{/* The pod template of a role. */}}
{{- define "thunder.pod" -}}
metadata:
  labels:
    {{- include "thunder.role.selector" . | nindent 4 }}
    {{- with merge (dict) (.values.podLabels | default dict) .top.Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "thunder.variables" . | sha256sum }}
    {{- with merge (dict) (.values.podAnnotations | default dict) .top.Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "thunder.serviceAccountName" .top }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "thunder.terminationGracePeriodSeconds" . }}
  {{- with .top.Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "thunder.placement" . | trim | nindent 2 }}
  {{- if eq .role "topics" }}
  restartPolicy: OnFailure
  {{- end }}
  {{- with .values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "thunder.container" . | indent 6 | trim }}
    {{- with .values.sidecars }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "thunder.volumes" . | fromYamlArray }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "thunder.container" -}}
name: {{ .role }}
image: {{ include "thunder.image" .top | quote }}
imagePullPolicy: {{ .top.Values.image.pullPolicy }}
command: [thunder]
args:
  {{- include "thunder.role.arguments" . | fromYamlArray | toYaml | nindent 2 }}
  {{- with .values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
envFrom:
  - configMapRef: {name: {{ include "thunder.role.name" . }}}
{{- with include "thunder.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "thunder.portNumbers" . | fromYaml }}
ports:
  {{- range $name, $number := . }}
  - {name: {{ $name }}, containerPort: {{ $number }}}
  {{- end }}
{{ include "thunder.probes" $ }}
{{- end }}
{{- with .values.preStopSeconds }}
lifecycle:
  preStop:
    {{- include "thunder.sleep" (dict "top" $.top "seconds" (int .)) | nindent 4 }}
{{- end }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
{{- with .top.Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "thunder.volumeMounts" . | fromYamlArray }}
volumeMounts:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Files of Secrets, and the volumes of the user. */}}
{{- define "thunder.volumes" -}}
{{- with include "thunder.files" . | fromYamlArray }}
- name: files
  projected:
    sources:
      {{- range . }}
      - secret: {name: {{ .secret }}, items: [{key: {{ .key | quote }}, path: {{ .path }}}]}
      {{- end }}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "thunder.volumeMounts" -}}
{{- if include "thunder.files" . | fromYamlArray }}
- {name: files, mountPath: /etc/thunder, readOnly: true}
{{- end }}
{{- with .values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Kubernetes 1.29 does not sleep by itself. */}}
{{- define "thunder.sleep" -}}
{{- if semverCompare ">=1.30.0-0" .top.Capabilities.KubeVersion.Version -}}
sleep: {seconds: {{ .seconds }}}
{{- else -}}
exec: {command: [python, -c, "import time; time.sleep({{ .seconds }})"]}
{{- end }}
{{- end }}
