{{/* Stops the rendering with a reason when values that are valid one by one contradict each other. */}}
{{- define "thunder.refusals" -}}
{{- if regexMatch "://[^/]*@|[?&](sentinel_)?password=" .Values.redis.url }}
{{- fail "redis.url contains credentials: put the URL into a Secret and set redis.existingSecret.name" }}
{{- end }}
{{- with .Values.serve.tls }}
{{- if and .clientCa.existingSecret (not .existingSecret) }}
{{- fail "serve.tls.clientCa needs a server certificate: set serve.tls.existingSecret" }}
{{- end }}
{{- end }}
{{- include "thunder.forEachRole" (dict "top" $ "template" "thunder.refusals.bounds") }}
{{- include "thunder.forEachRole" (dict "top" $ "template" "thunder.refusals.idle") }}
{{- include "thunder.forEachRole" (dict "top" $ "template" "thunder.refusals.credentials" "jobs" true) }}
{{- include "thunder.forEachRole" (dict "top" $ "template" "thunder.refusals.callers") }}
{{- include "thunder.forEachRole" (dict "top" $ "template" "thunder.refusals.variables" "jobs" true) }}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
{{- fail "serviceMonitor and podMonitor would both scrape every pod: enable one of them" }}
{{- end }}
{{- end }}

{{- define "thunder.refusals.bounds" -}}
{{- with .values.autoscaling }}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
{{- fail (printf "%s.autoscaling: minReplicas %v is more than maxReplicas %v" $.role .minReplicas .maxReplicas) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "thunder.refusals.idle" -}}
{{- $setting := (include "thunder.topic" . | fromYaml).setting }}
{{- if and $setting (include "thunder.role.consumes" .) }}
{{- $settings := include "thunder.settings" . | fromYaml }}
{{- $partitions := get $settings $setting | default 0 | int }}
{{- $scaled := .values.autoscaling.enabled }}
{{- $replicas := $scaled | ternary .values.autoscaling.maxReplicas .values.replicas | int }}
{{- $consumers := mul $replicas ($settings.kafka_num_threads | default 1 | int) }}
{{- if and $scaled (not $partitions) }}
{{- fail (printf "%s.autoscaling needs settings.%s, the number of partitions of the topic: more consumers than partitions would be idle" .role $setting) }}
{{- end }}
{{- if and $partitions (gt $consumers $partitions) }}
{{- fail (printf "%s: %d replicas make %d consumers for %d partitions (settings.%s): some would be idle" .role $replicas $consumers $partitions $setting) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "thunder.refusals.credentials" -}}
{{- with .top.Values.redis }}
{{- $isEncrypted := or (include "thunder.secret" (list $ "redis")) (regexMatch "^rediss(\\+sentinel)?://" .url) }}
{{- if and (or .ca.existingSecret .certificate.existingSecret) (include "thunder.role.usesRedis" $) (not $isEncrypted) }}
{{- fail "redis.ca and redis.certificate need a redis.url that begins with rediss:// or rediss+sentinel://" }}
{{- end }}
{{- end }}
{{- if include "thunder.role.usesKafka" . }}
{{- $settings := include "thunder.settings" . | fromYaml }}
{{- $mechanism := $settings.sasl_mechanism | default "" }}
{{- $protocol := $settings.security_protocol | default (ternary "SASL_SSL" "PLAINTEXT" (ne $mechanism "")) }}
{{- with .top.Values.kafka }}
{{- $hasTokens := and (eq $mechanism "OAUTHBEARER") (not $settings.kafka_oauth_token_url) }}
{{- if and $mechanism (not $hasTokens) (not (include "thunder.secret" (list $ "kafka"))) }}
{{- fail (printf "settings.sasl_mechanism %s needs a password: set kafka.existingSecret.name, or %s.kafka.existingSecret.name" $mechanism $.role) }}
{{- end }}
{{- if and (or .ca.existingSecret .certificate.existingSecret) (not (hasSuffix "SSL" $protocol)) }}
{{- fail (printf "kafka.ca and kafka.certificate need settings.security_protocol SSL or SASL_SSL, not %s" $protocol) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "thunder.refusals.callers" -}}
{{- if eq .role "serve" }}
{{- $settings := include "thunder.settings" . | fromYaml }}
{{- $ports := include "thunder.portNumbers" . | fromYaml }}
{{- $tls := .values.tls }}
{{- if and $settings.grpc_allowed_identities (not $tls.clientCa.existingSecret) }}
{{- fail "settings.grpc_allowed_identities needs certificates of callers: set serve.tls.clientCa.existingSecret" }}
{{- end }}
{{- $taken := concat (values $ports) (ternary (list $tls.healthPort) list (ne $tls.existingSecret "")) }}
{{- if ne (len $taken) (len (uniq (toStrings $taken))) }}
{{- fail "serve: settings.grpc_port, settings.http_port and serve.tls.healthPort must be different ports" }}
{{- end }}
{{- end }}
{{- end }}

{{/* A variable that the chart sets must not come a second time: which of both a role gets would be chance. */}}
{{- define "thunder.refusals.variables" -}}
{{- $given := list }}
{{- range .values.extraEnv }}
{{- $name := trimSuffix "_FILE" .name }}
{{- if has $name $given }}
{{- fail (printf "%s.extraEnv has %s twice" $.role .name) }}
{{- end }}
{{- $given = append $given $name }}
{{- end }}
{{- $set := include "thunder.variables" . | fromYaml | keys }}
{{- range include "thunder.ownEnv" . | fromYamlArray }}{{ $set = append $set .name }}{{ end }}
{{- range $set }}
{{- if has (trimSuffix "_FILE" .) $given }}
{{- fail (printf "%s.extraEnv: the chart sets %s from other values (settings, redis, kafka, tls): set it there" $.role .) }}
{{- end }}
{{- end }}
{{- end }}
