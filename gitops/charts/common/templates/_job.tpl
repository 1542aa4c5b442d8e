{{- /*
A step that must succeed before the services start. Its name carries the digest of everything it does, so a commit
that changes none of it runs nothing, one that does makes a new Job, and deleting the Job runs the step again.
Call with (dict "root" $ "step" "migrate" "module" "tasks.migrate").
*/ -}}
{{- define "common.job" -}}
{{- $root := .root -}}
{{- $pod := include "common.job-pod" . -}}
{{- $digest := printf "%s%s" $pod (include "common.environment" $root) | sha256sum | trunc 8 -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "common.name" $root }}-{{ .step }}-{{ $digest }}
  labels: {{- include "common.partof" $root | nindent 4 }}
  annotations: {{- include "common.wave" -1 | nindent 4 }}
spec:
  backoffLimit: 6
  activeDeadlineSeconds: 600
  template: {{- $pod | nindent 4 }}
{{- end }}

{{- define "common.job-pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    app.kubernetes.io/part-of: todo
    ballast.dev/step: {{ .step }}
  annotations: {dapr.io/enabled: "false"}
spec:
  serviceAccountName: {{ include "common.name" $root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  terminationGracePeriodSeconds: 5
  securityContext: {{- include "common.pod-security" $root | nindent 4 }}
  initContainers:
    {{- /* Not `nc -z`: not every build of busybox has it, and without it this loop would never end. */}}
    - name: wait
      image: {{ $root.Values.global.waitImage }}
      imagePullPolicy: {{ $root.Values.global.imagePullPolicy }}
      command: [sh, -c, 'for target in "$@"; do until nc -w 2 "${target%:*}" "${target##*:}" -e true; do echo "waiting for $target"; sleep 1; done; done', wait]
      args: {{- include "common.targets" $root | nindent 8 }}
      securityContext: {{- include "common.container-security" $root | nindent 8 }}
      resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {cpu: 100m, memory: 32Mi}}
  containers:
    - name: {{ .step }}
      image: {{ include "common.image" $root }}
      imagePullPolicy: {{ $root.Values.global.imagePullPolicy }}
      command: [python3, -m, {{ .module }}]
      envFrom:
        - configMapRef: {name: {{ include "common.name" $root }}-config}
      {{- if has .step $root.Values.stepLogins }}
      env: [{name: KAFKA_LOGIN_PATH, value: /etc/kafka}]
      {{- end }}
      securityContext: {{- include "common.container-security" $root | nindent 8 }}
      resources: {{- toYaml $root.Values.resources | nindent 8 }}
      volumeMounts:
        {{- include "common.mounts" $root | nindent 8 }}
        {{- if has .step $root.Values.stepLogins }}
        {{- include "common.kafka-mount" . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "common.volumes" $root | nindent 4 }}
    {{- if has .step $root.Values.stepLogins }}
    {{- include "common.kafka-volume" .step | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "common.targets" -}}
- {{ .Values.global.kafka.brokers | splitList "," | first }}
{{- if .Values.database }}
- {{ .Values.global.database.host }}:{{ .Values.global.database.port }}
- {{ .Values.global.vault.address | trimPrefix "http://" | trimPrefix "https://" }}
{{- end }}
{{- end }}
