{{- /* App ids of the enabled services, in a fixed order. */ -}}
{{- define "todo.apps" -}}
{{- range $name := list "api-gateway" "task-service" "notification-service" }}
{{- if (index $.Values $name).enabled }}
- {{ $name }}
{{- end }}
{{- end }}
{{- end }}
