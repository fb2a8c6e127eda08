{{- /* What no schema can say: values that do not go together. */}}
{{- define "neokeys.refusals" -}}
{{- with .Values }}
{{- if and (include "neokeys.alone" $) (gt (int .replicas) 1) }}
{{- fail (printf "a store at %s serves one pod: set replicas to 1, or store.url to one that pods share (etcd://, s3://, az://, gs://)" .store.url) }}
{{- end }}
{{- if and .metrics.serviceMonitor.enabled (not .metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled" }}
{{- end }}
{{- if and .networkPolicy.enabled .metrics.serviceMonitor.enabled (not .networkPolicy.monitoring) }}
{{- fail "nobody could read the metrics: name your Prometheus in networkPolicy.monitoring" }}
{{- end }}
{{- if and .store.volume.existingClaim (not (hasPrefix "file:" .store.url)) }}
{{- fail (printf "store.volume.existingClaim is for a store in a folder, and store.url is %s" .store.url) }}
{{- end }}
{{- end }}
{{- end }}
