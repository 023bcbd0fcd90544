package orgsim

// userInfo answers /services/oauth2/userinfo.
func (g *Org) userInfo(c *call) answer {
	u := c.user
	return jsonAnswer(200, map[string]any{
		"sub": c.base + "/id/" + g.id + "/" + u.ID, "user_id": u.ID, "organization_id": g.id, "preferred_username": u.Username,
		"nickname": u.Name, "name": u.Name, "email": u.Email, "email_verified": true, "zoneinfo": "GMT", "active": !u.Inactive,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": g.urls(c),
	})
}

// identity answers /id/<org>/<user>.
func (g *Org) identity(c *call, org, user string) answer {
	if (org != g.id && org != g.id[:15]) || (user != c.user.ID && user != c.user.ID[:15]) {
		return answer{status: 403, body: []byte("Bad_Id"), contentType: "text/html;charset=UTF-8"}
	}
	u := c.user
	return jsonAnswer(200, map[string]any{
		"id": c.base + "/id/" + g.id + "/" + u.ID, "asserted_user": true, "user_id": u.ID, "organization_id": g.id, "username": u.Username,
		"nick_name": u.Name, "display_name": u.Name, "email": u.Email, "email_verified": true, "timezone": "GMT", "active": !u.Inactive,
		"user_type": "STANDARD", "language": "en_US", "locale": "en_US", "utcOffset": 0, "urls": g.urls(c),
	})
}

func (g *Org) urls(c *call) map[string]string {
	return map[string]string{"rest": c.base + "/services/data/v{version}/", "sobjects": c.base + "/services/data/v{version}/sobjects/",
		"query": c.base + "/services/data/v{version}/query/"}
}

// openID answers /.well-known/openid-configuration.
func (g *Org) openID(c *call) answer {
	oauth := c.base + "/services/oauth2/"
	return jsonAnswer(200, map[string]any{
		"issuer": c.base, "authorization_endpoint": oauth + "authorize", "token_endpoint": oauth + "token", "revocation_endpoint": oauth + "revoke",
		"userinfo_endpoint": oauth + "userinfo", "introspection_endpoint": oauth + "introspect", "scopes_supported": knownScopes,
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "display_values_supported": []string{"page", "popup", "touch"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"}, "code_challenge_methods_supported": []string{"S256"},
		"grant_types_supported": []string{"authorization_code", "refresh_token", "client_credentials", grantJWT},
	})
}
