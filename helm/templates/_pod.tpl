{{/* The pod template of a role. */}}
{{- define "thunder.pod" -}}
metadata:
  labels:
    {{- include "thunder.role.selector" . | nindent 4 }}
    {{- with .values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "thunder.variables" . | sha256sum }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "thunder.serviceAccountName" .top }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "thunder.terminationGracePeriodSeconds" . }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  {{- include "thunder.placement" . | trim | nindent 2 }}
  containers:
    - {{ include "thunder.container" . | indent 6 | trim }}
  {{- with include "thunder.files" . | fromYamlArray }}
  volumes:
    - name: files
      projected:
        sources:
          {{- range . }}
          - secret: {name: {{ .secret }}, items: [{key: {{ .key | quote }}, path: {{ .path }}}]}
          {{- end }}
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
ports:
  {{- range $name, $number := include "thunder.portNumbers" . | fromYaml }}
  - {name: {{ $name }}, containerPort: {{ $number }}}
  {{- end }}
{{ include "thunder.probes" . }}
{{- with .values.preStopSeconds }}
lifecycle:
  preStop:
    {{- include "thunder.sleep" (dict "top" $.top "seconds" (int .)) | nindent 4 }}
{{- end }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- if include "thunder.files" . | fromYamlArray }}
volumeMounts:
  - {name: files, mountPath: /etc/thunder, readOnly: true}
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
