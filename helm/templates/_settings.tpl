{{/* Settings of a role as YAML, by their own names: its own win over the shared ones. */}}
{{- define "thunder.settings" -}}
{{- $settings := deepCopy .top.Values.settings }}
{{- range $name, $value := .values.settings }}
{{- $_ := set $settings $name $value }}
{{- end }}
{{- toYaml $settings }}
{{- end }}

{{/* Seconds until SIGKILL: the wait before SIGTERM, the grace of the process, and what it needs to say goodbye. */}}
{{- define "thunder.terminationGracePeriodSeconds" -}}
{{- $settings := include "thunder.settings" . | fromYaml }}
{{- add (.values.preStopSeconds | default 0 | int) (int $settings.shutdown_grace_seconds) 10 }}
{{- end }}

{{/* What stands in the ConfigMap of a role: variable and value, nothing secret. */}}
{{- define "thunder.variables" -}}
{{- $prefixed := .top.Files.Get "variables.yaml" | fromYaml }}
{{- range $name, $value := include "thunder.settings" . | fromYaml }}
{{- if not (kindIs "invalid" $value) }}
{{ get $prefixed $name | default (printf "THUNDER_%s" (upper $name)) }}: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- end }}
{{- if and (include "thunder.role.usesRedis" .) (not (include "thunder.secret" (list . "redis"))) }}
THUNDER_REDIS_URL: {{ .top.Values.redis.url | quote }}
{{- end }}
{{- if include "thunder.role.usesKafka" . }}
THUNDER_IN_NETWORK_EVENTS_CONSUMER_DEST: {{ .top.Values.kafka.brokers | quote }}
{{- $properties := list }}
{{- range $name, $value := .top.Values.kafka.properties }}{{ $properties = append $properties (printf "%s=%s" $name (kindIs "string" $value | ternary $value (toJson $value))) }}{{ end }}
{{- if $properties }}
THUNDER_KAFKA_PROPERTY: {{ join "\n" $properties | quote }}
{{- end }}
{{- end }}
{{- range include "thunder.files" . | fromYamlArray }}
THUNDER_{{ .setting }}: /etc/thunder/{{ .path }}
{{- end }}
{{- if dig "tls" "existingSecret" "" .values }}
THUNDER_HEALTH_PORT: {{ .values.tls.healthPort | quote }}
{{- end }}
{{- end }}

{{/* Variables that differ between the pods of a role or are secret. */}}
{{- define "thunder.ownEnv" -}}
{{- if .values.staticMembership }}
- name: THUNDER_KAFKA_GROUP_INSTANCE_ID
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- with include "thunder.secret" (list . "kafka") | fromYaml }}
{{- if .userKey }}
- name: THUNDER_KAFKA_SASL_USER
  valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .userKey | quote }}}}
{{- end }}
{{- end }}
{{- end }}

{{/* The same, and those of the user. */}}
{{- define "thunder.env" -}}
{{- include "thunder.ownEnv" . }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
