{{- define "mgx.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) }}
{{- $name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "mgx.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "mgx.labels" -}}
{{ include "mgx.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "mgx.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "mgx.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "mgx.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "mgx.secret" -}}
{{- required "existingSecret is empty. Make a Secret with the keys that values.yaml names and pass its name: --set existingSecret=mgx" .Values.existingSecret }}
{{- end }}

{{- /* Where the servers are: yours, or the bundled ones. */}}
{{- define "mgx.environment" -}}
{{- $name := include "mgx.name" . }}
- {name: MGX_ENV, value: production}
- {name: MGX_DATA_DIR, value: /var/lib/mgx}
{{- with .Values.baseUrl }}
- {name: MGX_BASE_URL, value: {{ . | quote }}}
{{- end }}
{{- $host := "" }}
{{- with .Values.baseUrl }}{{ $host = (urlParse .).hostname }}{{ end }}
- {name: MGX_ALLOWED_HOSTS, value: {{ concat (list "127.0.0.1" "localhost" (printf "%s-web" $name)) (compact (list $host)) .Values.allowedHosts | uniq | join "," | quote }}}
{{- with .Values.trustedProxies }}
- {name: MGX_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
{{- end }}
- {name: DB_HOST, value: {{ .Values.database.host | default (printf "%s-postgres" $name) | quote }}}
- {name: DB_PORT, value: {{ .Values.database.port | quote }}}
- {name: DB_NAME, value: {{ .Values.database.name | quote }}}
- {name: DB_USER, value: {{ .Values.database.user | quote }}}
- {name: REDIS_HOST, value: {{ .Values.redis.host | default (printf "%s-redis" $name) | quote }}}
- {name: REDIS_PORT, value: {{ .Values.redis.port | quote }}}
{{- if or .Values.s3.endpoint .Values.bundled.s3.enabled }}
- {name: S3_ENDPOINT_URL, value: {{ .Values.s3.endpoint | default (printf "http://%s-s3:8333" $name) | quote }}}
{{- end }}
- {name: S3_BUCKET, value: {{ .Values.s3.bucket | quote }}}
- {name: S3_REGION, value: {{ .Values.s3.region | quote }}}
{{- range $key, $value := .Values.env }}
- {name: {{ $key }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "mgx.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
{{- end }}

{{- define "mgx.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* A container of ours; .command, .resources, .root. */}}
{{- define "mgx.container" -}}
image: {{ include "mgx.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: {{ toJson .command }}
env:
  {{- include "mgx.environment" .root | nindent 2 }}
envFrom:
  - secretRef: {name: {{ include "mgx.secret" .root }}}
volumeMounts:
  - {name: data, mountPath: /var/lib/mgx}
  - {name: tmp, mountPath: /tmp}
resources:
  {{- toYaml .resources | nindent 2 }}
{{- end }}

{{- /* Waits until the schema is that of the image: the migrations' job brings it there. */}}
{{- define "mgx.waitForSchema" -}}
- name: schema
  {{- include "mgx.container" (dict "root" .root "resources" .root.Values.migrations.resources "command" (list "python" "deploy/wait_for_stores.py" "--schema" "true")) | nindent 2 }}
  securityContext:
    {{- include "mgx.containerSecurity" .root | nindent 4 }}
{{- end }}

{{- define "mgx.spread" -}}
{{- if .root.Values.scheduling.topologySpread }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "mgx.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{- define "mgx.place" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
