// Package alert tells people that something needs them: over a webhook, by mail.
//
//	hook, err := alert.NewWebhook("https://chat.example.com/hooks/…")
//	alerter := alert.New(alert.Config{Senders: []alert.Sender{hook}})
//	go alerter.Run(ctx)
//	alerter.Raise(alert.Alert{Kind: alert.Failure, Subject: "no_permission in rule Answers", Message: "…"})
//
// Raise never blocks and may be called for every single failure: alerts of one kind
// and subject are one alert with a count, alerts that come within seconds share a
// message, messages keep a distance, and what was told is not told again for hours.
package alert
