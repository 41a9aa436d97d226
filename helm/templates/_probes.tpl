{{/*
A server is asked over gRPC, as its callers do, on a port of its own where callers need certificates; the others over
HTTP.
*/}}
{{- define "thunder.probes" -}}
startupProbe:
  {{- include "thunder.aliveCheck" . | nindent 2 }}
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  {{- include "thunder.aliveCheck" . | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  {{- include "thunder.readyCheck" . | nindent 2 }}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}

{{- define "thunder.aliveCheck" -}}
{{- with include "thunder.healthPort" . -}}
grpc: {port: {{ . }}}
{{- else -}}
httpGet: {port: http, path: /healthz}
{{- end }}
{{- end }}

{{- define "thunder.readyCheck" -}}
{{- with include "thunder.healthPort" . -}}
grpc: {port: {{ . }}, service: thunder.v1.InNetworkPostsService}
{{- else -}}
httpGet: {port: http, path: /readyz}
{{- end }}
{{- end }}

{{- define "thunder.healthPort" -}}
{{- if eq .role "serve" }}
{{- if .values.tls.existingSecret }}{{ .values.tls.healthPort }}{{ else }}{{ (include "thunder.portNumbers" . | fromYaml).grpc }}{{ end }}
{{- end }}
{{- end }}
