package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// Event is a request as a front door sends it; which fields are set depends on the door.
type Event struct {
	// Version is "2.0" from HTTP APIs and function URLs.
	Version string `json:"version"`

	HTTPMethod                      string              `json:"httpMethod"`
	Path                            string              `json:"path"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`

	RawPath        string   `json:"rawPath"`
	RawQueryString string   `json:"rawQueryString"`
	Cookies        []string `json:"cookies"`

	// Resource is the route of a REST API, RouteKey that of an HTTP API; PathParameters are what it takes from the path.
	Resource       string            `json:"resource"`
	RouteKey       string            `json:"routeKey"`
	PathParameters map[string]string `json:"pathParameters"`
	StageVariables map[string]string `json:"stageVariables"`

	// RequestContext is what the front door knows of the request: its own id, the caller, what an authorizer said.
	RequestContext json.RawMessage `json:"requestContext"`

	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// door is the shape of events and answers.
type door int

const (
	restAPI         door = iota
	httpAPI              // and function URLs
	balancer             // a load balancer
	balancerOfMulti      // a load balancer whose target group has multi-value headers
)

// told is what is needed of a request context.
type told struct {
	DomainName string `json:"domainName"`
	HTTP       struct {
		Method   string `json:"method"`
		SourceIP string `json:"sourceIp"`
	} `json:"http"`
	Identity struct {
		SourceIP string `json:"sourceIp"`
	} `json:"identity"`
	ELB *struct{} `json:"elb"`
}

var errNoRequest = errors.New("the event is no HTTP request of API Gateway, a function URL or a load balancer")

func (e *Event) request(ctx context.Context) (*http.Request, door, error) {
	if e == nil || len(e.RequestContext) == 0 {
		return nil, 0, errNoRequest
	}
	var context told
	if err := json.Unmarshal(e.RequestContext, &context); err != nil {
		return nil, 0, fmt.Errorf("requestContext: %w", err)
	}
	door, method, path, query := restAPI, e.HTTPMethod, e.Path, ""
	switch {
	case e.Version == "2.0" && context.HTTP.Method != "":
		door, method, path, query = httpAPI, context.HTTP.Method, e.RawPath, e.RawQueryString
	case method == "":
		return nil, 0, errNoRequest
	case context.ELB != nil:
		door, query = balancer, e.query(func(text string) string { return text }) // it does not decode
		if e.MultiValueHeaders != nil {
			door = balancerOfMulti
		}
	default:
		query = e.query(url.QueryEscape)
	}
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, 0, fmt.Errorf("body: %w", err)
		}
		body = decoded
	}
	request := e.compose(method, path, query, body, &context)
	return request.WithContext(contextWith(ctx, e)), door, nil
}

func contextWith(ctx context.Context, event *Event) context.Context {
	return context.WithValue(ctx, eventKey{}, event)
}

func (e *Event) compose(method, path, query string, body []byte, context *told) *http.Request {
	header := e.header()
	host := header.Get("Host")
	header.Del("Host")
	if host == "" {
		host = context.DomainName
	}
	target := &url.URL{Path: path, RawQuery: query}
	if decoded, err := url.PathUnescape(path); err == nil {
		target.Path, target.RawPath = decoded, path
	}
	request := &http.Request{
		Method: method, URL: target, RequestURI: target.RequestURI(), Host: host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: remote(header, context),
		Body: http.NoBody, ContentLength: int64(len(body)),
	}
	if len(body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	return request
}

func (e *Event) header() http.Header {
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	for name, values := range e.MultiValueHeaders {
		header.Del(name)
		for _, value := range values {
			header.Add(name, value)
		}
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return header
}

// query joins the parameters, sorted by name.
func (e *Event) query(escape func(string) string) string {
	all := e.MultiValueQueryStringParameters
	if all == nil {
		all = map[string][]string{}
		for name, value := range e.QueryStringParameters {
			all[name] = []string{value}
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	var pairs []string
	for _, name := range names {
		for _, value := range all[name] {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// remote is the address of the client. A load balancer adds it to those that the client may have made up.
func remote(header http.Header, context *told) string {
	ip := context.HTTP.SourceIP + context.Identity.SourceIP
	if context.ELB != nil {
		forwarded := strings.Split(header.Get("X-Forwarded-For"), ",")
		ip = strings.TrimSpace(forwarded[len(forwarded)-1])
	}
	if ip == "" {
		return ""
	}
	return net.JoinHostPort(ip, "0")
}
