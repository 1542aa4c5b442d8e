{{- define "common.name" -}}
{{- .Chart.Name -}}
{{- end }}

{{- define "common.selector" -}}
app: {{ include "common.name" . }}
{{- end }}

{{- define "common.labels" -}}
{{ include "common.selector" . }}
app.kubernetes.io/name: {{ include "common.name" . }}
{{ include "common.partof" . }}
version: {{ include "common.version" . | quote }}
{{- end }}

{{- define "common.partof" -}}
app.kubernetes.io/part-of: todo
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
ballast.dev/environment: {{ .Values.global.environment }}
{{- end }}

{{- /* The version of a pod is the image it runs: a release that keeps a digest restarts nothing. */ -}}
{{- define "common.version" -}}
{{- include "common.digest" . | trimPrefix "sha256:" | trunc 12 -}}
{{- end }}

{{- define "common.release" -}}
{{- $name := include "common.name" . -}}
{{- $release := .Values.global.release | default dict -}}
{{- $image := get ($release.images | default dict) $name -}}
{{- if not $image -}}
{{- fail (printf "no image for %s: pass the environment's release.yaml, which `ballast up` and `ballast promote` write" $name) -}}
{{- end -}}
{{- toYaml $image -}}
{{- end }}

{{- define "common.digest" -}}
{{- (include "common.release" . | fromYaml).digest -}}
{{- end }}

{{- define "common.image" -}}
{{- $image := include "common.release" . | fromYaml -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- end }}

{{- define "common.wave" -}}
argocd.argoproj.io/sync-wave: {{ . | quote }}
{{- end }}
