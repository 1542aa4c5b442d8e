{{- /* App ids of the enabled services, in a fixed order. */ -}}
{{- define "todo.apps" -}}
{{- range $name := list "api-gateway" "task-service" "scheduler-service" "notification-service" "analytics-service" }}
{{- if (index $.Values $name).enabled }}
- {{ $name }}
{{- end }}
{{- end }}
{{- end }}
