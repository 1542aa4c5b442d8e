{{- /* Opens on top of the namespace's default deny: peers reach the sidecar's mTLS port, never the service's own. */ -}}
{{- define "common.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "common.name" . }}
  labels: {{- include "common.partof" . | nindent 4 }}
  annotations: {{- include "common.wave" -2 | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "common.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels: {app.kubernetes.io/part-of: todo}
        {{- /* The gateway of the first release calls a second one, and that of an environment its shadow. */}}
        {{- range list .Values.global.home .Values.global.shadowOf | compact }}
        - namespaceSelector:
            matchLabels: {kubernetes.io/metadata.name: {{ . }}}
          podSelector:
            matchLabels: {app: api-gateway}
        {{- end }}
      ports: [{port: 50002, protocol: TCP}]
    - from:
        - namespaceSelector:
            matchLabels: {kubernetes.io/metadata.name: {{ .Values.global.monitoring.namespace }}}
      ports:
        - {port: {{ .Values.port }}, protocol: TCP}
        - {port: {{ .Values.global.dapr.metricsPort }}, protocol: TCP}
    {{- if .Values.public }}
    - ports: [{port: {{ .Values.port }}, protocol: TCP}]
    {{- end }}
{{- end }}
