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
  {{- with include "thunder.kafkaFiles" . | trim }}
  volumes:
    - name: kafka-files
      projected:
        sources:
          {{- . | nindent 10 }}
  {{- end }}
{{- end }}

{{- define "thunder.container" -}}
name: {{ .role }}
image: {{ include "thunder.image" .top | quote }}
imagePullPolicy: {{ .top.Values.image.pullPolicy }}
command: [thunder]
args:
  - {{ .role }}
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
{{- if include "thunder.kafkaFiles" . | trim }}
volumeMounts:
  - {name: kafka-files, mountPath: /etc/thunder/kafka, readOnly: true}
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

{{/* Sources of a projected volume with the files that open a connection to Kafka; blank when there are none. */}}
{{- define "thunder.kafkaFiles" -}}
{{- if include "thunder.role.usesKafka" . }}
{{- with .top.Values.kafka.ca }}
{{- if .existingSecret }}
- secret:
    name: {{ .existingSecret }}
    items: [{key: {{ .key }}, path: ca.crt}]
{{- end }}
{{- end }}
{{- with .top.Values.kafka.certificate }}
{{- if .existingSecret }}
- secret:
    name: {{ .existingSecret }}
    items: [{key: {{ .certificateKey }}, path: tls.crt}, {key: {{ .keyKey }}, path: tls.key}]
{{- end }}
{{- end }}
{{- end }}
{{- end }}
