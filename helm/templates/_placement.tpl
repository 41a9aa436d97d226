{{/* Where the pods of a role run: apart from each other, and as its values say. */}}
{{- define "thunder.placement" -}}
{{- $placement := pick .values "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- $_ := set $placement "imagePullSecrets" .top.Values.imagePullSecrets }}
{{- range $field, $value := $placement }}
{{- if $value }}
{{ dict $field $value | toYaml }}
{{- end }}
{{- end }}
topologySpreadConstraints:
{{- range .top.Values.topologySpread.topologyKeys }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ $.top.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "thunder.role.selector" $ | nindent 8 }}
{{- end }}
{{- end }}
