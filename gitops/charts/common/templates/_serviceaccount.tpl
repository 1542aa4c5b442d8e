{{- define "common.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "common.name" . }}
  labels: {{- include "common.partof" . | nindent 4 }}
  annotations: {{- include "common.wave" -2 | nindent 4 }}
automountServiceAccountToken: false
{{- end }}
