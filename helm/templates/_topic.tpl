{{/*
What a worker reads, as YAML: the name of the topic, and the setting that says how many partitions it has, if any does.
*/}}
{{- define "thunder.topic" -}}
{{- $settings := include "thunder.settings" . | fromYaml -}}
{{- if eq .role "follows" -}}
name: {{ $settings.follows_topic | default "follows" }}
{{- else if or (eq .role "transform") (eq ($settings.events | default "refined") "raw") -}}
name: {{ $settings.tweet_events_topic | default "tweet_events" }}
setting: tweet_events_num_partitions
{{- else -}}
name: {{ $settings.innetwork_post_topic | default "innetwork_post" }}
setting: kafka_tweet_events_v2_num_partitions
{{- end }}
{{- end }}
