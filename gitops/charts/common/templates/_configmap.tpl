{{- /* Everything a service reads from its environment; the same map feeds its Jobs. */ -}}
{{- define "common.environment" -}}
ENVIRONMENT: {{ .Values.global.environment | quote }}
PORT: {{ .Values.port | quote }}
LOG_LEVEL: {{ .Values.global.logLevel | quote }}
PUBSUB_NAME: {{ .Values.global.dapr.pubsub | quote }}
TOPIC_PREFIX: {{ .Values.global.topicPrefix | quote }}
KAFKA_BROKERS: {{ .Values.global.kafka.brokers | quote }}
SCHEMA_REGISTRY_URL: {{ .Values.global.schemaRegistry.url | quote }}
{{- if .Values.kafkaLogin }}
KAFKA_LOGIN_PATH: /etc/kafka
{{- end }}
{{- with .Values.database }}
DATABASE_HOST: {{ $.Values.global.database.host | quote }}
DATABASE_PORT: {{ $.Values.global.database.port | quote }}
DATABASE_NAME: {{ printf "%s_%s" . $.Values.global.environment | quote }}
VAULT_ADDR: {{ $.Values.global.vault.address | quote }}
VAULT_ROLE: {{ printf "%s-%s" . $.Values.global.environment | quote }}
{{- end }}
{{- if .Values.cache }}
REDIS_URL: {{ printf "redis://%s:%v/%v" .Values.global.cache.host .Values.global.cache.port .Values.global.cache.index | quote }}
REDIS_PASSWORD_PATH: /etc/redis/password
{{- end }}
{{- if .Values.issuer }}
IDENTITY_SIGNING_KEY_PATH: /etc/identity/private.pem
STATE_STORE_NAME: {{ .Values.global.dapr.statestore | quote }}
{{- end }}
{{- /* Only the public service splits traffic: a change of the share restarts no other. */}}
{{- if and .Values.public .Values.global.canary }}
CANARY_NAMESPACE: {{ .Values.global.canary.namespace | quote }}
CANARY_PERCENT: {{ .Values.global.canary.percent | quote }}
{{- end }}
{{- if and .Values.public .Values.global.shadow }}
SHADOW_NAMESPACE: {{ .Values.global.shadow.namespace | quote }}
SHADOW_PERCENT: {{ .Values.global.shadow.percent | quote }}
{{- end }}
{{- range $name, $value := .Values.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "common.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "common.name" . }}-config
  labels: {{- include "common.partof" . | nindent 4 }}
  annotations: {{- include "common.wave" -2 | nindent 4 }}
data: {{- include "common.environment" . | nindent 2 }}
{{- end }}
