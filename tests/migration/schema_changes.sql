-- Schema changes by kind, between changes of rows: each kind runs on the tables of test_ddl.py.

-- kind: add
ALTER TABLE item ADD COLUMN a INT, ADD b VARCHAR(10) NOT NULL DEFAULT 'x' FIRST, ADD c DATE AFTER id;

-- kind: add not null
ALTER TABLE item ADD (a INT NOT NULL, b VARCHAR(9) NOT NULL, c ENUM('p','q') NOT NULL, d DECIMAL(5,1) NOT NULL);
ALTER TABLE item ADD e BIT(3) NOT NULL, ADD f TIME NOT NULL, ADD g YEAR NOT NULL, ADD h DOUBLE NOT NULL;
ALTER TABLE item ADD i BLOB NOT NULL, ADD j SET('u','v') NOT NULL, ADD k BINARY(4) NOT NULL;
ALTER TABLE item ADD l JSON;

-- kind: time
SET time_zone = '+05:30';
ALTER TABLE item ADD t TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6);
ALTER TABLE item ADD d DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), ADD e DATETIME DEFAULT NOW();
ALTER TABLE item ADD u TIMESTAMP NOT NULL DEFAULT '2020-02-02 02:02:02';
SET time_zone = DEFAULT;
ALTER TABLE item ADD dd DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), ADD tt TIMESTAMP NULL DEFAULT NOW();

-- kind: drop and add
ALTER TABLE item DROP COLUMN amount, ADD COLUMN size INT;
ALTER TABLE item DROP price, ADD price INT;

-- kind: drop
ALTER TABLE item DROP COLUMN kind;
ALTER TABLE item DROP name;

-- kind: change
ALTER TABLE item CHANGE amount how_many BIGINT UNSIGNED NOT NULL DEFAULT 2 AFTER id, MODIFY name VARCHAR(200) NOT NULL;
ALTER TABLE item MODIFY kind ENUM('c','b','a') FIRST, MODIFY price DECIMAL(12,4);
ALTER TABLE item MODIFY note MEDIUMTEXT CHARACTER SET utf8mb4, MODIFY id BIGINT NOT NULL AUTO_INCREMENT;

-- kind: rename
ALTER TABLE item RENAME COLUMN name TO title;
ALTER TABLE item CHANGE price title2 DECIMAL(8,2);

-- kind: swap columns
ALTER TABLE twin RENAME COLUMN name TO note, RENAME COLUMN note TO name;

-- kind: swap with change
ALTER TABLE bag ADD other INT, ADD third INT;
ALTER TABLE bag CHANGE other third INT, CHANGE third other INT;

-- kind: indexes
ALTER TABLE item ADD INDEX (price), ADD UNIQUE KEY n (name, id), DROP INDEX name, ADD FULLTEXT KEY f (note);
CREATE UNIQUE INDEX u ON item (id, price) COMMENT 'it''s';
DROP INDEX n ON item;
ALTER TABLE item RENAME INDEX u TO v, ADD c INT, ADD INDEX (c), ADD KEY nn (name(5));
ALTER TABLE item ADD x INT UNIQUE, ADD INDEX (x);
ALTER TABLE item DROP amount;

-- kind: defaults
ALTER TABLE item ALTER amount SET DEFAULT 7, ALTER COLUMN name SET DEFAULT 'd', COMMENT = 'a ''table''';
ALTER TABLE item ALTER amount DROP DEFAULT, AUTO_INCREMENT = 1000, ENGINE = InnoDB, FORCE;

-- kind: character sets
ALTER TABLE item DEFAULT CHARACTER SET latin1;
ALTER TABLE item ADD l VARCHAR(9), ADD m CHAR(3) COLLATE utf8mb4_bin;
ALTER TABLE twin DROP KEY name, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- kind: keys
ALTER TABLE bag ADD id INT NOT NULL FIRST;
DELETE FROM bag WHERE word = 'x';
ALTER TABLE bag ADD UNIQUE (id, word), ADD KEY (number);

-- kind: generated
ALTER TABLE item ADD g INT GENERATED ALWAYS AS (amount * 2) VIRTUAL, ADD KEY (g);
ALTER TABLE item ADD CONSTRAINT positive CHECK (amount < 5000);
ALTER TABLE item DROP CONSTRAINT positive;

-- kind: foreign keys
ALTER TABLE twin ADD item_id INT, ADD KEY (item_id), ADD CONSTRAINT f FOREIGN KEY (item_id) REFERENCES item (id);
UPDATE twin SET item_id = 1;
ALTER TABLE twin DROP FOREIGN KEY f, ADD FOREIGN KEY (item_id) REFERENCES item (id);

-- kind: rename to
ALTER TABLE item RENAME TO goods, ADD COLUMN z INT;
ALTER TABLE goods RENAME item;

-- kind: truncate
TRUNCATE TABLE item;
TRUNCATE bag;
INSERT INTO bag VALUES ('new', 1);

-- kind: drop and create
DROP TABLE bag;
CREATE TABLE bag (id INT PRIMARY KEY, number TINYINT);
INSERT INTO bag VALUES (1, 2);
DROP TABLE IF EXISTS twin, nothing;

-- kind: create
CREATE TABLE made (id SERIAL, a NUMERIC(5), b BOOL DEFAULT TRUE, c DOUBLE PRECISION, d CHAR, e FLOAT(30), f VARCHAR(7) CHARSET latin1, g TIMESTAMP NULL, h JSON, i YEAR, PRIMARY KEY (id, a), KEY (b), UNIQUE (f)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='made';
INSERT INTO made (a, c, d, f, h) VALUES (1, 0.1, 'é', 'é', '{"a": 1}'), (2, 2, 'x', NULL, NULL);
CREATE TABLE IF NOT EXISTS made (other INT);
CREATE TABLE alike LIKE item;
INSERT INTO alike SELECT * FROM item;
CREATE TABLE copied AS SELECT id, name, price, kind FROM item;
INSERT INTO copied VALUES (77, 'k', 1, 'a');
CREATE TABLE parts (id INT, y INT) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO parts VALUES (1, 2);

-- kind: swap tables
RENAME TABLE item TO old, twin TO item, old TO twin;
UPDATE twin SET amount = 8;
INSERT INTO item (id, name) VALUES (200, 's');

-- kind: shadow table
CREATE TABLE _item_gho LIKE item;
ALTER TABLE _item_gho ADD c VARCHAR(5) NOT NULL DEFAULT 'g', DROP PRIMARY KEY, ADD PRIMARY KEY (id, amount);
CREATE TABLE _item_ghc (id BIGINT AUTO_INCREMENT PRIMARY KEY, hint VARCHAR(64) CHARACTER SET ascii NOT NULL);
INSERT IGNORE INTO _item_gho (id, name, price, amount, kind, note) SELECT id, name, price, amount, kind, note FROM item;
UPDATE item SET amount = 5 WHERE id = 1;
REPLACE INTO _item_gho (id, name, amount) VALUES (2, 'z', 1);
CREATE TABLE _item_del (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB COMMENT='ghost-cut-over-sentry';
DROP TABLE _item_del;
RENAME TABLE item TO _item_del, _item_gho TO item;
DROP TABLE _item_ghc;
DROP TABLE _item_del;

-- kind: shadow table with triggers
CREATE TABLE _item_new LIKE item;
ALTER TABLE _item_new ADD c VARCHAR(5) NOT NULL DEFAULT 'p', DROP COLUMN note;
CREATE TRIGGER item_del AFTER DELETE ON item FOR EACH ROW DELETE IGNORE FROM _item_new WHERE _item_new.id <=> OLD.id;
CREATE TRIGGER item_upd AFTER UPDATE ON item FOR EACH ROW REPLACE INTO _item_new (id, name, price, amount, kind) VALUES (NEW.id, NEW.name, NEW.price, NEW.amount, NEW.kind);
CREATE TRIGGER item_ins AFTER INSERT ON item FOR EACH ROW REPLACE INTO _item_new (id, name, price, amount, kind) VALUES (NEW.id, NEW.name, NEW.price, NEW.amount, NEW.kind);
INSERT INTO item (id, name) VALUES (50, 'before');
INSERT IGNORE INTO _item_new (id, name, price, amount, kind) SELECT id, name, price, amount, kind FROM item WHERE id <= 2;
UPDATE item SET name = 'meanwhile' WHERE id = 1;
DELETE FROM item WHERE id = 50;
INSERT INTO item (id, name) VALUES (51, 'after');
INSERT IGNORE INTO _item_new (id, name, price, amount, kind) SELECT id, name, price, amount, kind FROM item WHERE id > 2;
RENAME TABLE item TO _item_old, _item_new TO item;
DROP TRIGGER item_del;
DROP TRIGGER item_upd;
DROP TRIGGER item_ins;
DROP TABLE IF EXISTS _item_old;
INSERT INTO item (id, name, c) VALUES (60, 'new', 'q');
UPDATE item SET c = 'z' WHERE id = 51;

-- kind: views and others
CREATE VIEW seen AS SELECT id, name FROM item;
CREATE OR REPLACE VIEW seen AS SELECT id FROM item;
DROP VIEW seen;
CREATE TRIGGER t BEFORE INSERT ON twin FOR EACH ROW SET NEW.amount = 3;
ANALYZE TABLE item;
OPTIMIZE TABLE item;
CREATE PROCEDURE p() SELECT 1;
DROP PROCEDURE p;

-- kind: to varchar
ALTER TABLE item MODIFY amount VARCHAR(30) NOT NULL;
ALTER TABLE twin MODIFY kind VARCHAR(5), DROP KEY both_of_them;

-- kind: narrower
ALTER TABLE item MODIFY name VARCHAR(10) NOT NULL, MODIFY amount SMALLINT NOT NULL;
ALTER TABLE item MODIFY price DECIMAL(6,2);
