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

{{/*
Of a dict of top and template: that template for each role that runs, as documents. With jobs: for the Job that creates
the topics too, which is passed about like a role.
*/}}
{{- define "thunder.forEachRole" -}}
{{- $jobs := ternary (list "topics") list (and .jobs .top.Values.topics.enabled | default false) }}
{{- range $role := concat (include "thunder.roles" .top | fromJsonArray) $jobs }}
{{- with include $.template (dict "top" $.top "role" $role "values" (index $.top.Values $role)) | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "thunder.role.name" -}}
{{ include "thunder.fullname" .top }}-{{ .role }}
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
{{- else if eq .role "topics" -}}
[topics, create]
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
{{ if not (has .role (list "transform" "topics")) }}true{{ end }}
{{- end }}
