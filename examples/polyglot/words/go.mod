module example.com/words

go 1.21

require github.com/lakon/lakon-go v0.1.0
