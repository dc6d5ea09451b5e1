package rows

import "github.com/ClickHouse/ch-go/proto"

// The lists pair an array with the concrete column of its elements, so that
// appending an element is a direct call.

type wordList struct {
	data words
	list array
}

func (l *wordList) column() column { l.list.data = &l.data; return &l.list }
func (l *wordList) end()           { l.list.end() }

func (l *wordList) append(values []string) {
	for _, v := range values {
		l.data.Append(v)
	}
	l.end()
}

type textList struct {
	data proto.ColStr
	list array
}

func (l *textList) column() column { l.list.data = &l.data; return &l.list }
func (l *textList) end()           { l.list.end() }

func (l *textList) append(values []string) {
	for _, v := range values {
		l.data.Append(v)
	}
	l.end()
}

type uuidList struct {
	data proto.ColUUID
	list array
}

func (l *uuidList) column() column { l.list.data = &l.data; return &l.list }
func (l *uuidList) end()           { l.list.end() }

type boolList struct {
	data proto.ColBool
	list array
}

func (l *boolList) column() column { l.list.data = &l.data; return &l.list }
func (l *boolList) end()           { l.list.end() }
