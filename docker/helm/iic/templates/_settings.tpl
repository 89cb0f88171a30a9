{{/* The configuration file of `iic run`. */}}
{{- define "iic.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $_ := set $settings "ingress-class" .Values.ingressClass.name -}}
{{- $_ := set $settings "kinds" .Values.kinds -}}
{{- $_ := set $settings "watch-namespaces" .Values.watchNamespaces -}}
{{- $_ := set $settings "high-availability" .Values.highAvailability -}}
{{- $_ := set $settings "leader-election" .Values.leaderElection.enabled -}}
{{- if .Values.leaderElection.enabled -}}
{{- $_ := set $settings "election-id" (include "iic.leaseName" .) -}}
{{- $_ := set $settings "election-namespace" .Release.Namespace -}}
{{- $_ := set $settings "lease-duration-seconds" .Values.leaderElection.leaseDurationSeconds -}}
{{- $_ := set $settings "renew-deadline-seconds" .Values.leaderElection.renewDeadlineSeconds -}}
{{- $_ := set $settings "retry-period-seconds" .Values.leaderElection.retryPeriodSeconds -}}
{{- end -}}
{{- $_ := set $settings "update-status" .Values.status.enabled -}}
{{- if and .Values.status.enabled .Values.status.publishService -}}
{{- $_ := set $settings "publish-service" .Values.status.publishService -}}
{{- end -}}
{{- if and .Values.status.enabled .Values.status.publishAddresses -}}
{{- $_ := set $settings "publish-status-address" .Values.status.publishAddresses -}}
{{- end -}}
{{- $_ := set $settings "emit-kubernetes-events" .Values.events.enabled -}}
{{- $_ := set $settings "data-plane-port" .Values.dataPlanes.port -}}
{{- $_ := set $settings "data-plane-mtls" .Values.dataPlanes.mtls -}}
{{- $_ := set $settings "data-plane-certificate" "/etc/iic/certificate/tls.crt" -}}
{{- $_ := set $settings "data-plane-key" "/etc/iic/certificate/tls.key" -}}
{{- if eq .Values.dataPlanes.mtls "pki" -}}
{{- $_ := set $settings "data-plane-ca" "/etc/iic/authorities/ca.crt" -}}
{{- end -}}
{{- $_ := set $settings "health-port" .Values.health.port -}}
{{- toYaml $settings -}}
{{- end -}}
