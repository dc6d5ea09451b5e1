package schema

// Policy is what may be stored of a platform's posts, for how long, and what of it is
// published to whom. The reasons are in docs/platforms.md; a study may allow less.
type Policy struct {
	Platform   Platform
	NativeDays int  // How long native ids, addresses and texts as published are kept.
	Public     bool // Counts may be published to anybody.
	Vetted     bool // Posts may be published one by one, under pseudonyms and without texts, addresses or ids, to those with whom it is agreed on.
	Terms      string
}

const nativeDays = 365

// Policies are those of all platforms, in the order of the contract.
func Policies() []Policy {
	return []Policy{
		{PlatformBluesky, nativeDays, true, true, "Public by protocol; deletions and deleted accounts are followed."},
		{PlatformMastodon, nativeDays, true, true, "By each server's rules; public statuses alone, and of accounts that do not object to being found."},
		{PlatformX, nativeDays, true, true, "No texts to others; ids alone, of which none are published here; deleted posts go. Counts from the paid interface rest on research access under Article 40 of the Digital Services Act: without it a study withholds the platform."},
		{PlatformTelegram, nativeDays, true, true, "Public channels alone."},
		{PlatformRSS, nativeDays, true, false, "Published by outlets under their names: pseudonyms of single items would protect nobody."},
	}
}
