// A program that takes custom resource definitions out of the archives of modules. It needs nothing but Go itself: the modules
// of the operators are only looked into, and their own requirements never matter. Their content is pinned in go.sum.
module keelson.dev/toolchain/crds

go 1.26.0
