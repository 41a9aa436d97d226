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
{{- with .top.Values.redis }}
{{- if and (include "thunder.role.usesRedis" $) (not .existingSecret.name) }}
THUNDER_REDIS_URL: {{ .url | quote }}
{{- end }}
{{- end }}
{{- if include "thunder.role.usesKafka" . }}
THUNDER_IN_NETWORK_EVENTS_CONSUMER_DEST: {{ .top.Values.kafka.brokers | quote }}
{{- end }}
{{- range include "thunder.files" . | fromYamlArray }}
THUNDER_{{ .setting }}: /etc/thunder/{{ .path }}
{{- end }}
{{- if dig "tls" "existingSecret" "" .values }}
THUNDER_HEALTH_PORT: {{ .values.tls.healthPort | quote }}
{{- end }}
{{- end }}

{{/* Variables that differ between the pods of a role or are secret. */}}
{{- define "thunder.env" -}}
{{- if .values.staticMembership }}
- name: THUNDER_KAFKA_GROUP_INSTANCE_ID
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- with .top.Values.redis.existingSecret }}
{{- if and .name (include "thunder.role.usesRedis" $) }}
- name: THUNDER_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}
{{- end }}
{{- end }}
{{- with .top.Values.kafka.existingSecret }}
{{- if and .name (include "thunder.role.usesKafka" $) }}
{{- if .userKey }}
- name: THUNDER_KAFKA_SASL_USER
  valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .userKey | quote }}}}
{{- end }}
- name: THUNDER_KAFKA_SASL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .passwordKey | quote }}}}
{{- end }}
{{- end }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
