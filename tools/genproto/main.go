// Command genproto writes the Go code of the Protobuf events, without protoc.
//
// It compiles schema/events.proto and runs the standard Go generator and
// vtprotobuf's marshal, unmarshal, size and pool generators over the result.
//
//	go run ./genproto ../schema
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	_ "github.com/planetscale/vtprotobuf/features/marshal"
	_ "github.com/planetscale/vtprotobuf/features/pool"
	_ "github.com/planetscale/vtprotobuf/features/size"
	_ "github.com/planetscale/vtprotobuf/features/unmarshal"
	"github.com/planetscale/vtprotobuf/generator"
	"google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	protoFile = "events.proto"
	goPackage = "github.com/election-observatory/observatory/schema"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: genproto DIR")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "genproto:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{dir}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, protoFile)
	if err != nil {
		return err
	}
	descriptor := protoutil.ProtoFromFileDescriptor(files[0])
	if err := generate(dir, descriptor, "paths=source_relative", func(p *protogen.Plugin) error {
		for _, f := range p.Files {
			internal_gengo.GenerateFile(p, f)
		}
		return nil
	}); err != nil {
		return err
	}
	return generate(dir, descriptor, "paths=source_relative", func(p *protogen.Plugin) error {
		poolable := generator.NewObjectSet()
		for _, name := range []string{"Event", "Post", "AccountSnapshot", "Link", "Mention", "Media", "Reference", "Share", "Metrics", "Delete"} {
			if err := poolable.Set(goPackage + "." + name); err != nil {
				return err
			}
		}
		gen, err := generator.NewGenerator(p, []string{"marshal", "unmarshal", "unmarshal_unsafe", "size", "pool"},
			&generator.Config{Poolable: poolable})
		if err != nil {
			return err
		}
		gen.Generate()
		return nil
	})
}

func generate(dir string, file *descriptorpb.FileDescriptorProto, param string, gen func(*protogen.Plugin) error) error {
	request := &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{protoFile},
		Parameter:      &param,
		ProtoFile:      []*descriptorpb.FileDescriptorProto{file},
	}
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		return err
	}
	plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
	if err := gen(plugin); err != nil {
		return err
	}
	response := plugin.Response()
	if response.Error != nil {
		return fmt.Errorf("%s", response.GetError())
	}
	for _, f := range response.File {
		if err := os.WriteFile(filepath.Join(dir, f.GetName()), []byte(f.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
