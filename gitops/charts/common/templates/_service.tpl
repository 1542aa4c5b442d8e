{{- /* `metrics` is the sidecar's port; the service's own metrics are served on `http`. */ -}}
{{- define "common.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "common.name" . }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
    monitoring: "true"
spec:
  selector: {{- include "common.selector" . | nindent 4 }}
  ports:
    - {name: http, port: {{ .Values.port }}, targetPort: http, protocol: TCP}
    - name: metrics
      port: {{ .Values.global.dapr.metricsPort }}
      targetPort: {{ .Values.global.dapr.metricsPort }}
      protocol: TCP
{{- end }}
