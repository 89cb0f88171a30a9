{{/* Name of the chart, and of all objects of a release. */}}
{{- define "iic.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "iic.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "iic.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Objects without a namespace are told apart by that of the release. */}}
{{- define "iic.clusterName" -}}
{{- printf "%s-%s" (include "iic.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "iic.selectorLabels" -}}
app.kubernetes.io/name: {{ include "iic.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "iic.commonLabels" -}}
app.kubernetes.io/name: {{ include "iic.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "iic.labels" -}}
{{ include "iic.commonLabels" . }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "iic.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "iic.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the account to use, since serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "iic.certificateSecretName" -}}
{{- default (printf "%s-certificate" (include "iic.fullname" .)) .Values.dataPlanes.certificate.secretName -}}
{{- end -}}

{{- define "iic.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "iic.leaseName" -}}
{{- default (printf "iic-%s" .Values.ingressClass.name) .Values.leaderElection.id -}}
{{- end -}}
