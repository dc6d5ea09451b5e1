package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/election-observatory/observatory/datasets"
)

func (c *cli) releaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "release",
		Short:   "Checks datasets that were published, and makes a site of them",
		Long:    `Checks datasets that were published, by their own files, and makes a site of them: neither needs a store.`,
		Example: `  observatory release verify /srv/releases/2024-W23-public`,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.verifyRelease(), c.siteOfReleases())
	return cmd
}

func (c *cli) verifyRelease() *cobra.Command {
	key := ""
	verify := &cobra.Command{
		Use:   "verify FOLDER",
		Short: "Says whether a release is complete and what was published",
		Long: `Compares every file of a release with the checksums that it came with, and names one that is missing, was changed, or was not published. With --key
it says as well whether the checksums were signed by whom they should be.`,
		Example: `  observatory release verify /srv/releases/2024-W23-public
  observatory release verify /srv/releases/2024-W23-public --key study.pub`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := datasets.Verify(args[0])
			if err != nil {
				return err
			}
			signed := ""
			if key != "" {
				if err := datasets.CheckSignature(args[0], key); err != nil {
					return err
				}
				signed = ", and signed with the key of " + key
			}
			if newer := datasets.Superseded(args[0]); newer != "" {
				_, err = fmt.Fprintf(c.out, "%s was withdrawn, and %s took its place: of what was published %d files are left%s\n", args[0], newer, files, signed)
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s is complete: %d files are what was published%s\n", args[0], files, signed)
			return err
		},
	}
	verify.Flags().StringVar(&key, "key", "", "a file with the public key of the study, as openssl pkey -pubout writes it")
	return verify
}

func (c *cli) siteOfReleases() *cobra.Command {
	to := ""
	site := &cobra.Command{
		Use:   "site FOLDER --to SITE",
		Short: "Copies what anybody may see of a folder of releases, for a web server",
		Long: `Copies what anybody may see of a folder of releases to another one, with a page and a feed of all of them, which any web server can host: the public
releases as they are, of the vetted ones page, metadata and checksums. It may be repeated.`,
		Example: `  observatory release site /srv/releases --to /srv/www`,
		Args:    asUsage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if to == "" {
				return usage(errors.New("--to: say where the site is to lie"))
			}
			of, err := c.study()
			if err != nil {
				return err
			}
			copied, err := datasets.Site(args[0], to, of.Name(), of.Contact)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s: %d releases copied; its page is %s\n", to, copied, filepath.Join(to, "index.html"))
			return err
		},
	}
	site.Flags().StringVar(&to, "to", "", "the folder of the site")
	return site
}
