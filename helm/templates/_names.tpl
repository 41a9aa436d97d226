{{- define "thunder.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for "-transform-headless" behind it. */}}
{{- define "thunder.fullname" -}}
{{- $name := include "thunder.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- end }}

{{- define "thunder.image" -}}
{{- with .Values.image }}
{{- .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- define "thunder.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "thunder.fullname" .) "default") .Values.serviceAccount.name }}
{{- end }}
