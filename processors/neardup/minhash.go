package neardup

import "math"

// A signature has bands of rows: two texts are candidates where all rows of a band
// agree.
const (
	bands = 32
	rows  = 4
)

// signature is the keys of a text's bands. With similarity J two texts have the
// same key of a band with probability about J^rows.
type signature [bands]uint32

// sign computes the signature of runs, whether or not one is among them twice.
func sign(set []uint64) signature {
	var s signature
	if len(set) == 0 {
		return s
	}
	var least [rows][bands]uint64
	for row := range rows {
		for band := range bands {
			least[row][band] = math.MaxUint64
		}
		for _, run := range set {
			hash := mix(run + uint64(row)*0x9e3779b97f4a7c15)
			if bin := &least[row][hash%bands]; hash < *bin {
				*bin = hash
			}
		}
		densify(&least[row], uint64(row))
	}
	for band := range bands {
		key := uint64(band)
		for row := range rows {
			key = mix(key ^ least[row][band])
		}
		s[band] = uint32(key)
	}
	return s
}

// densify fills empty bins from others, in an order that every text has in common.
func densify(bins *[bands]uint64, row uint64) {
	filled := *bins
	for bin := range bins {
		for try := uint64(1); bins[bin] == math.MaxUint64; try++ {
			from := mix(row<<40|uint64(bin)<<32|try) % bands
			if filled[from] != math.MaxUint64 {
				bins[bin] = filled[from]
			}
		}
	}
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014): one to one, and
// each bit depends on all.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
