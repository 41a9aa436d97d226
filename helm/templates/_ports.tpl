{{/* Ports of a role by name, as YAML. Every role has an HTTP port; a server has a gRPC port too; a Job has none. */}}
{{- define "thunder.portNumbers" -}}
{{- $settings := include "thunder.settings" . | fromYaml -}}
{{- if eq .role "serve" -}}
grpc: {{ int $settings.grpc_port }}
{{ end -}}
{{ if ne .role "topics" -}}
http: {{ int $settings.http_port }}
{{ end -}}
{{- end }}
