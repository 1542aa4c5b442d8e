{{- define "common.dapr" -}}
{{- $dapr := .Values.global.dapr -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ include "common.name" . | quote }}
dapr.io/app-port: {{ .Values.port | quote }}
dapr.io/app-protocol: http
dapr.io/config: {{ $dapr.config | quote }}
dapr.io/log-level: {{ $dapr.logLevel | quote }}
dapr.io/log-as-json: "true"
dapr.io/enable-api-logging: "false"
dapr.io/enable-profiling: "false"
dapr.io/enable-debug: "false"
dapr.io/enable-metrics: "true"
dapr.io/metrics-port: {{ $dapr.metricsPort | quote }}
{{- /* Secrets come from Vault; without the built-in store the sidecar needs no API server credential. */}}
dapr.io/disable-builtin-k8s-secret-store: "true"
dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
dapr.io/sidecar-cpu-request: {{ $dapr.resources.requests.cpu | quote }}
dapr.io/sidecar-memory-request: {{ $dapr.resources.requests.memory | quote }}
dapr.io/sidecar-cpu-limit: {{ $dapr.resources.limits.cpu | quote }}
dapr.io/sidecar-memory-limit: {{ $dapr.resources.limits.memory | quote }}
dapr.io/env-from-secret: {{ printf "KAFKA_PASSWORD=kafka-%[1]s:password,KAFKA_CA=kafka-%[1]s:ca.crt" (include "common.name" .) | quote }}
dapr.io/env: {{ printf "GOMAXPROCS=2,GOMEMLIMIT=%s" $dapr.goMemoryLimit | quote }}
dapr.io/sidecar-readiness-probe-delay-seconds: "1"
dapr.io/sidecar-readiness-probe-period-seconds: "1"
dapr.io/sidecar-liveness-probe-delay-seconds: "5"
dapr.io/graceful-shutdown-seconds: {{ $dapr.gracefulShutdownSeconds | quote }}
dapr.io/block-shutdown-duration: {{ $dapr.blockShutdownDuration | quote }}
{{- end }}
