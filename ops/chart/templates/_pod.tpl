{{- define "neokeys.pod" -}}
metadata:
  labels:
    {{- include "neokeys.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Other settings are other pods.
    checksum/settings: {{ .Values.settings | toYaml | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "neokeys.serviceAccount" . }}
  automountServiceAccountToken: false
  # No variables of other services, whose names can begin as those of settings do.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if gt (int .Values.replicas) 1 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "neokeys.selector" . | nindent 10 }}
  {{- end }}
  containers:
    - name: neokeys
      image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --config, /etc/neokeys/settings/neokeys.yml]
      env:
        - { name: NEOKEYS_STORE, value: {{ .Values.store.url | quote }} }
        {{- if .Values.metrics.enabled }}
        - { name: NEOKEYS_METRICS__LISTEN, value: "0.0.0.0:9464" }
        {{- end }}
        {{- if .Values.extAuthz.enabled }}
        - { name: NEOKEYS_EXT_AUTHZ__LISTEN, value: "0.0.0.0:9191" }
        {{- end }}
        {{- if .Values.tls.secret }}
        - { name: NEOKEYS_TLS__CERTIFICATE, value: /etc/neokeys/tls/tls.crt }
        - { name: NEOKEYS_TLS__KEY, value: /etc/neokeys/tls/tls.key }
        {{- end }}
        {{- if .Values.auditKey.secret }}
        - { name: NEOKEYS_AUDIT__SIGNING_KEY, value: {{ printf "/etc/neokeys/audit/%s" .Values.auditKey.key | quote }} }
        {{- end }}
      {{- with .Values.environmentSecrets }}
      envFrom:
        {{- range . }}
        - secretRef: { name: {{ . }} }
        {{- end }}
      {{- end }}
      ports:
        - { name: {{ include "neokeys.scheme" . }}, containerPort: 8080 }
        {{- if .Values.metrics.enabled }}
        - { name: metrics, containerPort: 9464 }
        {{- end }}
        {{- if .Values.extAuthz.enabled }}
        - { name: grpc, containerPort: 9191 }
        {{- end }}
      # It accepts connections once its store is open; an issuer that is down holds it up for 5 s.
      startupProbe:
        {{- include "neokeys.probe" (list . "live") | nindent 8 }}
        periodSeconds: 1
        failureThreshold: 30
      livenessProbe:
        {{- include "neokeys.probe" (list . "live") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      readinessProbe:
        {{- include "neokeys.probe" (list . "ready") | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 2
        failureThreshold: 2
      lifecycle:
        # Requests that are on their way here still arrive while the word spreads that it ends.
        preStop:
          sleep: { seconds: 5 }
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: settings, mountPath: /etc/neokeys/settings, readOnly: true }
        {{- if hasPrefix "file:" .Values.store.url }}
        - { name: data, mountPath: /data }
        {{- end }}
        {{- if .Values.tls.secret }}
        - { name: tls, mountPath: /etc/neokeys/tls, readOnly: true }
        {{- end }}
        {{- if .Values.auditKey.secret }}
        - { name: audit, mountPath: /etc/neokeys/audit, readOnly: true }
        {{- end }}
        {{- range $number, $secret := .Values.secretFiles }}
        - { name: secret-{{ $number }}, mountPath: /etc/neokeys/secrets/{{ $secret }}, readOnly: true }
        {{- end }}
  volumes:
    - name: settings
      configMap: { name: {{ include "neokeys.name" . }} }
    {{- with .Values.store.volume.existingClaim }}
    - name: data
      persistentVolumeClaim: { claimName: {{ . }} }
    {{- end }}
    {{- with .Values.tls.secret }}
    - name: tls
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- with .Values.auditKey.secret }}
    - name: audit
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- range $number, $secret := .Values.secretFiles }}
    - name: secret-{{ $number }}
      secret: { secretName: {{ $secret }}, defaultMode: 0440 }
    {{- end }}
{{- end }}

{{- define "neokeys.probe" -}}
{{- $scheme := include "neokeys.scheme" (first .) -}}
httpGet: { path: /health/{{ last . }}, port: {{ $scheme }}, scheme: {{ upper $scheme }} }
{{- end }}
