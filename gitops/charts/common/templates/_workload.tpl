{{- /* The whole of a service, in the order it is applied. */ -}}
{{- define "common.workload" -}}
{{ include "common.serviceaccount" . }}
---
{{ include "common.configmap" . }}
---
{{ include "common.networkpolicy" . }}
{{- range $step, $module := .Values.steps }}
---
{{ include "common.job" (dict "root" $ "step" $step "module" $module) }}
{{- end }}
---
{{ include "common.deployment" . }}
---
{{ include "common.service" . }}
---
{{ include "common.pdb" . }}
---
{{ include "common.hpa" . }}
{{- end }}
