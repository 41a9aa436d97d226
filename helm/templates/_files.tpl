{{/* Files of Secrets that a role reads, as YAML: where each comes from and goes to, and the setting that tells of it. */}}
{{- define "thunder.files" -}}
{{- $values := .top.Values -}}
{{- with include "thunder.secret" (list . "redis") | fromYaml }}
- {secret: {{ .name }}, key: {{ .key | quote }}, path: redis/url, setting: REDIS_URL_FILE}
{{- end }}
{{- with include "thunder.secret" (list . "kafka") | fromYaml }}
- {secret: {{ .name }}, key: {{ .passwordKey | quote }}, path: kafka/password, setting: KAFKA_SASL_PASSWORD_FILE}
{{- end }}
{{- if include "thunder.role.usesKafka" . }}
{{- include "thunder.file" (list $values.kafka.ca "key" "kafka/ca.crt" "SSL_CA_LOCATION") }}
{{- include "thunder.file" (list $values.kafka.certificate "certificateKey" "kafka/tls.crt" "SSL_CERTIFICATE_LOCATION") }}
{{- include "thunder.file" (list $values.kafka.certificate "keyKey" "kafka/tls.key" "SSL_KEY_LOCATION") }}
{{- end }}
{{- if include "thunder.role.usesRedis" . }}
{{- include "thunder.file" (list $values.redis.ca "key" "redis/ca.crt" "REDIS_TLS_CA") }}
{{- include "thunder.file" (list $values.redis.certificate "certificateKey" "redis/tls.crt" "REDIS_TLS_CERTIFICATE") }}
{{- include "thunder.file" (list $values.redis.certificate "keyKey" "redis/tls.key" "REDIS_TLS_KEY") }}
{{- end }}
{{- if eq .role "serve" }}
{{- include "thunder.file" (list .values.tls "certificateKey" "grpc/tls.crt" "GRPC_TLS_CERTIFICATE") }}
{{- include "thunder.file" (list .values.tls "keyKey" "grpc/tls.key" "GRPC_TLS_KEY") }}
{{- include "thunder.file" (list .values.tls.clientCa "key" "grpc/ca.crt" "GRPC_TLS_CLIENT_CA") }}
{{- include "thunder.file" (list .values.tokens "key" "grpc/tokens" "GRPC_TOKENS_FILE") }}
{{- end }}
{{- end }}

{{- define "thunder.file" -}}
{{- $source := index . 0 -}}
{{- if $source.existingSecret }}
- {secret: {{ $source.existingSecret }}, key: {{ get $source (index . 1) | quote }}, path: {{ index . 2 }}, setting: {{ index . 3 }}}
{{- end }}
{{- end }}

{{/* Of a list of a role and "redis" or "kafka": its own Secret for it or else the shared one, as YAML; empty without. */}}
{{- define "thunder.secret" -}}
{{- $role := first . -}}
{{- $store := last . -}}
{{- if include (ternary "thunder.role.usesRedis" "thunder.role.usesKafka" (eq $store "redis")) $role }}
{{- $own := dig $store "existingSecret" dict $role.values }}
{{- $secret := ternary $own (get $role.top.Values $store).existingSecret (ne ($own.name | default "") "") }}
{{- if $secret.name }}{{ toYaml $secret }}{{ end }}
{{- end }}
{{- end }}
