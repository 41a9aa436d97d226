{{- define "thunder.release.selector" -}}
app.kubernetes.io/name: {{ include "thunder.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "thunder.release.labels" -}}
{{ include "thunder.release.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "thunder.role.selector" -}}
{{ include "thunder.release.selector" .top }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "thunder.role.labels" -}}
{{ include "thunder.release.labels" .top }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{/*
Metadata of an object of a role, or of the whole release where .role is absent. Besides, if present: .name replaces the
name, .labels and .annotations add to those of all objects.
*/}}
{{- define "thunder.metadata" -}}
name: {{ .name | default (include (ternary "thunder.role.name" "thunder.fullname" (hasKey . "role")) (ternary . .top (hasKey . "role"))) }}
labels:
  {{- if .role }}
  {{- include "thunder.role.labels" . | nindent 2 }}
  {{- else }}
  {{- include "thunder.release.labels" .top | nindent 2 }}
  {{- end }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (deepCopy (.annotations | default dict)) .top.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
