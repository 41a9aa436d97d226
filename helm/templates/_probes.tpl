{{/* A server is asked over gRPC, as its callers do; a worker over HTTP. */}}
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
{{- with (include "thunder.portNumbers" . | fromYaml).grpc -}}
grpc: {port: {{ . }}}
{{- else -}}
httpGet: {port: http, path: /healthz}
{{- end }}
{{- end }}

{{- define "thunder.readyCheck" -}}
{{- with (include "thunder.portNumbers" . | fromYaml).grpc -}}
grpc: {port: {{ . }}, service: thunder.v1.InNetworkPostsService}
{{- else -}}
httpGet: {port: http, path: /readyz}
{{- end }}
{{- end }}
