module lakon/checker

go 1.21
