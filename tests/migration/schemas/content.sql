-- In the manner of a widespread content management system: ascii keys, big blobs, composite text keys, one table a field.
CREATE TABLE node (
  nid int unsigned NOT NULL AUTO_INCREMENT,
  vid int unsigned DEFAULT NULL,
  type varchar(32) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'The ID of the target entity.',
  uuid varchar(128) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  langcode varchar(12) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  PRIMARY KEY (nid),
  UNIQUE KEY node_field__uuid__value (uuid),
  UNIQUE KEY node__vid (vid),
  KEY node_field__type__target_id (type)
) ENGINE=InnoDB AUTO_INCREMENT=10 DEFAULT CHARSET=utf8mb4 COMMENT='The base table for node entities.';
CREATE TABLE node__body (
  bundle varchar(128) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  deleted tinyint NOT NULL DEFAULT 0,
  entity_id int unsigned NOT NULL,
  revision_id int unsigned NOT NULL,
  langcode varchar(32) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  delta int unsigned NOT NULL,
  body_value longtext NOT NULL,
  body_format varchar(255) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL,
  PRIMARY KEY (entity_id, deleted, delta, langcode),
  KEY body_format (body_format)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='Data storage for node field body.';
CREATE TABLE cache_render (
  cid varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  data longblob,
  expire bigint NOT NULL DEFAULT 0,
  created decimal(14,3) NOT NULL DEFAULT 0.000,
  serialized smallint NOT NULL DEFAULT 0,
  tags longtext,
  checksum varchar(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  PRIMARY KEY (cid),
  KEY expire (expire)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE sessions (
  uid int unsigned NOT NULL,
  sid varchar(128) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  timestamp bigint NOT NULL DEFAULT 0,
  session longblob,
  PRIMARY KEY (sid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE menu_tree (
  menu_name varchar(32) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  mlid int unsigned NOT NULL AUTO_INCREMENT,
  id varchar(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  title longblob,
  weight int NOT NULL DEFAULT 0,
  PRIMARY KEY (mlid),
  UNIQUE KEY id (id),
  KEY menu_name_weight (menu_name(20), weight)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE watchdog (
  wid bigint NOT NULL AUTO_INCREMENT,
  message longtext NOT NULL,
  variables longblob NOT NULL,
  link text,
  severity tinyint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (wid)
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4;
INSERT INTO node VALUES (1, 1, 'article', '0c5e-1', 'en'), (2, 3, 'page', '0C5E-2', 'fr');
INSERT INTO node__body VALUES ('article', 0, 1, 1, 'en', 0, '<p>It''s a \\ back\tslash 🐬</p>', 'basic_html'), ('article', 0, 1, 1, 'en', 1, '', NULL);
INSERT INTO cache_render VALUES ('render:1', x'613A313A7B00FF0A09', -1, 1700000000.123, 1, 'a b', '12'), ('Render:1', NULL, 0, 0, 0, NULL, '');
INSERT INTO sessions VALUES (1, 'S1', 1700000000, x'00');
INSERT INTO menu_tree (menu_name, id, title) VALUES ('main', 'home', 'Home'), ('main', 'about', NULL);
INSERT INTO watchdog (message, variables) VALUES ('Cron run', x'6E3B'), ('Ö', '');
-- later
UPDATE node__body SET body_value = REPEAT('long ', 20000) WHERE delta = 1;
DELETE FROM cache_render WHERE cid = 'render:1';
REPLACE INTO sessions VALUES (2, 's1', 1700000001, x'01');
UPDATE node SET vid = 4 WHERE nid = 1;
UPDATE node SET vid = 1 WHERE nid = 2;
INSERT INTO watchdog (message, variables) VALUES ('later', x'00');
TRUNCATE TABLE menu_tree;
