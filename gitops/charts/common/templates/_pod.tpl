{{- define "common.pod-security" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "common.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "common.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.database }}
- {name: vault-token, mountPath: /var/run/secrets/vault, readOnly: true}
{{- end }}
{{- if .Values.identity }}
- {name: identity, mountPath: /etc/identity, readOnly: true}
{{- end }}
{{- if .Values.cache }}
- {name: redis, mountPath: /etc/redis, readOnly: true}
{{- end }}
{{- end }}

{{- define "common.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if .Values.database }}
- name: vault-token
  projected:
    sources:
      - serviceAccountToken: {path: token, audience: vault, expirationSeconds: 3600}
{{- end }}
{{- if .Values.identity }}
- name: identity
  secret:
    secretName: identity
    items:
      - {key: jwks.json, path: jwks.json}
      {{- if .Values.issuer }}
      - {key: private.pem, path: private.pem}
      {{- end }}
{{- end }}
{{- if .Values.cache }}
- name: redis
  secret: {secretName: redis}
{{- end }}
{{- end }}

{{- /* A login of the broker, for what reaches it without the sidecar. Call with the broker user's short name. */ -}}
{{- define "common.kafka-volume" -}}
- name: kafka
  secret: {secretName: kafka-{{ . }}}
{{- end }}

{{- define "common.kafka-mount" -}}
- {name: kafka, mountPath: /etc/kafka, readOnly: true}
{{- end }}

{{- define "common.probes" -}}
startupProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 1
  failureThreshold: 90
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  httpGet: {path: /ready, port: http}
  periodSeconds: {{ .Values.readinessPeriodSeconds }}
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}
