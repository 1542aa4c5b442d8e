{{- define "common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "common.name" . }}
  labels: {{- include "common.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: 300
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {{- include "common.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "common.labels" . | nindent 8 }}
      annotations:
        {{- /* A new setting restarts the pods that read it; a new release of a neighbour does not. */}}
        ballast.dev/config-digest: {{ include "common.environment" . | sha256sum | trunc 16 }}
        ballast.dev/bindings-digest: {{ omit .Values.global "release" "canary" "shadow" | toJson | sha256sum | trunc 16 }}
        {{- include "common.dapr" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "common.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
      securityContext: {{- include "common.pod-security" . | nindent 8 }}
      containers:
        - name: {{ include "common.name" . }}
          image: {{ include "common.image" . }}
          imagePullPolicy: {{ .Values.global.imagePullPolicy }}
          ports:
            - {name: http, containerPort: {{ .Values.port }}}
          envFrom:
            - configMapRef: {name: {{ include "common.name" . }}-config}
          securityContext: {{- include "common.container-security" . | nindent 12 }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
          lifecycle:
            preStop:
              sleep: {seconds: {{ .Values.preStopSeconds }}}
          {{- include "common.probes" . | nindent 10 }}
          volumeMounts:
            {{- include "common.mounts" . | nindent 12 }}
            {{- if .Values.kafkaLogin }}
            {{- include "common.kafka-mount" . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "common.volumes" . | nindent 8 }}
        {{- if .Values.kafkaLogin }}
        {{- include "common.kafka-volume" (include "common.name" .) | nindent 8 }}
        {{- end }}
{{- end }}
