{{/*
The rights that the values ask for, as YAML: rules for the whole cluster, and for namespaces by name. Put together from
files/access-rules.yaml just as `accessRules` of @koko/kubernetes does it; a test compares the two.
*/}}
{{- define "iic.access" -}}
{{- $values := .Values -}}
{{- $published := splitList "/" $values.status.publishService -}}
{{- $publishes := or (ne $values.status.publishService "") (gt (len $values.status.publishAddresses) 0) -}}
{{- $table := .Files.Get "files/access-rules.yaml" | replace "LEASE_NAME" (include "iic.leaseName" .) | replace "SERVICE_NAME" (last $published) | fromYaml -}}
{{- $everywhere := empty $values.watchNamespaces -}}
{{- $followsServices := or (empty $values.kinds) (has "Service" $values.kinds) -}}
{{- $global := list -}}
{{- $scoped := list -}}
{{- $hasGlobalKinds := false -}}
{{- range $table.kinds -}}
{{- if or (empty $values.kinds) (has .kind $values.kinds) -}}
{{- $rules := .read -}}
{{- if and $values.status.enabled .write (or (ne .status "loadBalancer") $publishes) -}}
{{- $rules = concat $rules .write -}}
{{- end -}}
{{- if or $everywhere (not .namespaced) -}}
{{- $global = concat $global $rules -}}
{{- $hasGlobalKinds = true -}}
{{- else -}}
{{- $scoped = concat $scoped $rules -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $namespaces := dict -}}
{{- if $values.events.enabled -}}
{{- if $everywhere -}}
{{- $global = concat $global $table.events -}}
{{- else -}}
{{- $scoped = concat $scoped $table.events -}}
{{- if $hasGlobalKinds -}}
{{- $_ := set $namespaces "default" $table.events -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $scoped -}}
{{- range $values.watchNamespaces -}}
{{- $_ := set $namespaces . $scoped -}}
{{- end -}}
{{- end -}}
{{- if $values.leaderElection.enabled -}}
{{- $_ := set $namespaces .Release.Namespace (concat (get $namespaces .Release.Namespace | default list) $table.lease) -}}
{{- end -}}
{{- if and $values.status.enabled $values.status.publishService -}}
{{- $home := first $published -}}
{{- if not (and $followsServices (or $everywhere (has $home $values.watchNamespaces))) -}}
{{- $_ := set $namespaces $home (concat (get $namespaces $home | default list) $table.publishService) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "cluster" $global "namespaces" $namespaces) -}}
{{- end -}}
