package live

// Recent remembers what was put last, up to a bound.
type Recent struct {
	Most  int
	known map[string]string
	order []string
}

// Get is what was put under an id; empty for what is not remembered.
func (m *Recent) Get(id string) string { return m.known[id] }

// Put remembers a value under an id, and forgets the oldest if there are too many.
func (m *Recent) Put(id, value string) {
	if m.known == nil {
		m.known = map[string]string{}
	}
	if _, ok := m.known[id]; !ok {
		m.order = append(m.order, id)
	}
	m.known[id] = value
	if len(m.order) > m.Most {
		delete(m.known, m.order[0])
		m.order = m.order[1:]
	}
}

// IDs are those that are remembered, the oldest first.
func (m *Recent) IDs() []string { return m.order }
