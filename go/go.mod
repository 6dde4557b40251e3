module github.com/lakon/lakon-go

go 1.21
