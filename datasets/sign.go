package datasets

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// sigFile is the signature of SHA256SUMS, where the study has a key: 64 bytes of
// Ed25519 (RFC 8032), as `openssl pkeyutl -verify -rawin` takes them.
const sigFile = sumsFile + ".sig"

// ReadSigningKey reads a private key as `openssl genpkey -algorithm ed25519` writes it.
func ReadSigningKey(path string) (ed25519.PrivateKey, error) {
	of, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS8PrivateKey(of); err == nil {
		if private, ok := key.(ed25519.PrivateKey); ok {
			return private, nil
		}
	}
	return nil, fmt.Errorf("%s holds no private key of Ed25519: make one with openssl genpkey -algorithm ed25519", path)
}

// CheckSignature says whether a release was signed with the private key of a public one,
// as `openssl pkey -pubout` writes it.
func CheckSignature(folder, publicKey string) error {
	of, err := readPEM(publicKey)
	if err != nil {
		return err
	}
	key, err := x509.ParsePKIXPublicKey(of)
	public, ok := key.(ed25519.PublicKey)
	if err != nil || !ok {
		return fmt.Errorf("%s holds no public key of Ed25519", publicKey)
	}
	sums, err := os.ReadFile(filepath.Join(folder, sumsFile))
	if err != nil {
		return err
	}
	signature, err := os.ReadFile(filepath.Join(folder, sigFile))
	if err != nil {
		return fmt.Errorf("%s is not signed", folder)
	}
	if !ed25519.Verify(public, sums, signature) {
		return fmt.Errorf("%s is not signed with the key of %s", folder, publicKey)
	}
	return nil
}

func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", path)
	}
	return block.Bytes, nil
}
