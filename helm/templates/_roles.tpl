{{/*
A role is passed about as a dict: top (the root context), role (its name) and values (its part of the values).
*/}}

{{/* Names of the roles that run, as a JSON array. */}}
{{- define "thunder.roles" -}}
{{- $enabled := list }}
{{- range list "serve" "ingest" "transform" "follows" "source" }}
{{- if (index $.Values .).enabled }}{{ $enabled = append $enabled . }}{{ end }}
{{- end }}
{{- toJson $enabled }}
{{- end }}

{{/* Of a dict of top and template: that template for each role that runs, as documents. */}}
{{- define "thunder.forEachRole" -}}
{{- range $role := include "thunder.roles" .top | fromJsonArray }}
{{- with include $.template (dict "top" $.top "role" $role "values" (index $.top.Values $role)) | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "thunder.role.name" -}}
{{ include "thunder.fullname" .top }}-{{ .role }}
{{- end }}

{{- define "thunder.role.selector" -}}
{{ include "thunder.release.selector" .top }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "thunder.role.labels" -}}
{{ include "thunder.release.labels" .top }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "thunder.role.metadata" -}}
name: {{ include "thunder.role.name" . }}
labels:
  {{- include "thunder.role.labels" . | nindent 2 }}
{{- end }}

{{- define "thunder.role.kind" -}}
{{ if .values.staticMembership }}StatefulSet{{ else }}Deployment{{ end }}
{{- end }}

{{/* The command line of a role, after the program. */}}
{{- define "thunder.role.arguments" -}}
{{- if eq .role "follows" -}}
[ingest, --events, follows]
{{- else if eq .role "source" -}}
[source, {{ .values.kind }}]
{{- else -}}
[{{ .role }}]
{{- end }}
{{- end }}

{{/* Non-empty when a role consumes a topic in a group, talks to Kafka at all, or to Redis. */}}
{{- define "thunder.role.consumes" -}}
{{ if has .role (list "ingest" "transform" "follows") }}true{{ end }}
{{- end }}
{{- define "thunder.role.usesKafka" -}}
{{ if ne .role "serve" }}true{{ end }}
{{- end }}
{{- define "thunder.role.usesRedis" -}}
{{ if ne .role "transform" }}true{{ end }}
{{- end }}
