// Sumdb checks the tiles of an evidence bundle with the packages behind Go's checksum database,
// golang.org/x/mod/sumdb/note and tlog: main FOLDER VKEY RECORD. It exits 1 at the first fault.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile, C2SP tlog-tiles
const width = 1 << height

func must(err error, doing string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "FAULT: %s: %v\n", doing, err)
		os.Exit(1)
	}
}

func holds(ok bool, saying string, about ...interface{}) {
	if !ok {
		must(fmt.Errorf("does not hold"), fmt.Sprintf(saying, about...))
	}
}

// place is where C2SP tlog-tiles puts tile n of a level (or "entries"), w wide.
func place(level string, n int64, w int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if w < width {
		name += fmt.Sprintf(".p/%d", w)
	}
	return filepath.Join("tile", level, name)
}

// open reads a signed checkpoint: exactly three lines, by the key that is trusted.
func open(file string, key note.Verifier) tlog.Tree {
	data, err := os.ReadFile(file)
	must(err, "reading "+file)
	opened, err := note.Open(data, note.VerifierList(key))
	must(err, "opening "+file)
	lines := strings.Split(opened.Text, "\n")
	holds(len(lines) == 4 && lines[3] == "" && lines[0] == key.Name(), "three lines of %s", file)
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "the size in "+file)
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	must(err, "the root in "+file)
	holds(size > 0 && len(root) == tlog.HashSize, "size and root of %s", file)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// entries are the records of tile/entries, each behind two bytes of its length.
func entries(folder string, size int64) (records [][]byte) {
	for n := int64(0); n*width < size; n++ {
		w := width
		if size-n*width < width {
			w = int(size - n*width)
		}
		name := place("entries", n, w)
		data, err := os.ReadFile(filepath.Join(folder, name))
		must(err, "reading entries")
		for i := 0; i < w; i++ {
			holds(len(data) >= 2, "a length in %s", name)
			end := 2 + int(binary.BigEndian.Uint16(data))
			holds(len(data) >= end, "an entry in %s", name)
			records, data = append(records, data[2:end]), data[end:]
		}
		holds(len(data) == 0, "the end of %s", name)
	}
	return records
}

// folderTiles reads tiles of hashes from a bundle, and remembers which it read.
type folderTiles struct {
	folder string
	read   map[tlog.Tile]bool
}

func (f *folderTiles) Height() int { return height }

func (f *folderTiles) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(f.folder, place(strconv.Itoa(t.L), t.N, t.W)))
		if err != nil {
			return nil, err
		}
		f.read[t] = true
		all = append(all, data)
	}
	return all, nil
}

func (f *folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	holds(len(os.Args) == 4, "FOLDER VKEY RECORD")
	folder := os.Args[1]
	key, err := note.NewVerifier(os.Args[2])
	must(err, "reading the vkey")
	tree := open(filepath.Join(folder, "checkpoint"), key)
	fmt.Printf("checkpoint: signed, %d records\n", tree.N)

	var stored []tlog.Hash
	inMemory := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, i := range indexes {
			found = append(found, stored[i])
		}
		return found, nil
	})
	records := entries(folder, tree.N)
	for n, record := range records {
		more, err := tlog.StoredHashes(int64(n), record, inMemory)
		must(err, "hashing a record")
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(tree.N, inMemory)
	must(err, "hashing the tree")
	holds(root == tree.Hash, "the root over tile/entries")
	fmt.Printf("entries: %d lead to the signed root\n", len(records))

	tiles := &folderTiles{folder, map[tlog.Tile]bool{}}
	reader := tlog.TileHashReader(tree, tiles)
	// Version 0.7.0 holds not every tile against its parent, so each hash is compared here as well.
	for level := 0; tree.N>>(height*level) > 0; level++ {
		count := tree.N >> (height * level)
		for first := int64(0); first < count; first += width {
			var indexes []int64
			for n := first; n < count && n < first+width; n++ {
				indexes = append(indexes, tlog.StoredHashIndex(height*level, n))
			}
			hashes, err := reader.ReadHashes(indexes)
			must(err, fmt.Sprintf("tiles of level %d", level))
			for i, index := range indexes {
				holds(hashes[i] == stored[index], "hash %d of level %d", first+int64(i), level)
			}
		}
	}
	fmt.Printf("tiles: %d hold the hashes of that tree\n", len(tiles.read))

	record, err := strconv.ParseInt(os.Args[3], 10, 64)
	must(err, "reading RECORD")
	proof, err := tlog.ProveRecord(tree.N, record, reader)
	must(err, "proving the record")
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, record, tlog.RecordHash(records[record])), "the record")
	fmt.Printf("inclusion: record %d, %d hashes\n", record, len(proof))

	older, err := filepath.Glob(filepath.Join(folder, "checkpoints", "*"))
	must(err, "listing checkpoints")
	sort.Strings(older)
	for _, file := range older {
		old := open(file, key)
		between, err := tlog.ProveTree(tree.N, old.N, reader)
		must(err, "proving consistency")
		must(tlog.CheckTree(between, tree.N, tree.Hash, old.N, old.Hash), "consistency with "+file)
		fmt.Printf("consistency: from %d, %d hashes\n", old.N, len(between))
	}
}
