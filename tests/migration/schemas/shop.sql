-- In the manner of a widespread web shop: foreign keys with actions, decimals, timestamps, an entity-value model.
CREATE TABLE store (
  store_id smallint unsigned NOT NULL AUTO_INCREMENT COMMENT 'Store ID',
  code varchar(64) DEFAULT NULL COMMENT 'Code',
  is_active smallint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (store_id),
  UNIQUE KEY STORE_CODE (code)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8 COMMENT='Stores';
CREATE TABLE catalog_product_entity (
  entity_id int unsigned NOT NULL AUTO_INCREMENT,
  type_id varchar(32) NOT NULL DEFAULT 'simple',
  sku varchar(64) NOT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (entity_id),
  KEY PRODUCT_SKU (sku)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='Catalog Product Table';
CREATE TABLE catalog_product_entity_decimal (
  value_id int NOT NULL AUTO_INCREMENT,
  attribute_id smallint unsigned NOT NULL DEFAULT 0,
  store_id smallint unsigned NOT NULL DEFAULT 0,
  entity_id int unsigned NOT NULL DEFAULT 0,
  value decimal(20,6) DEFAULT NULL,
  PRIMARY KEY (value_id),
  UNIQUE KEY ENTITY_ATTRIBUTE_STORE (entity_id, attribute_id, store_id),
  KEY STORE (store_id),
  CONSTRAINT FK_DECIMAL_ENTITY FOREIGN KEY (entity_id) REFERENCES catalog_product_entity (entity_id) ON DELETE CASCADE,
  CONSTRAINT FK_DECIMAL_STORE FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE search_query (
  query_id int unsigned NOT NULL AUTO_INCREMENT,
  query_text varchar(255) DEFAULT NULL,
  popularity int unsigned NOT NULL DEFAULT 0,
  store_id smallint unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (query_id),
  UNIQUE KEY SEARCH_QUERY_TEXT_STORE (query_text, store_id),
  KEY POPULARITY (query_text, store_id, popularity)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO store (code, is_active) VALUES ('admin', 1), ('default', 1), (NULL, 0);
INSERT INTO catalog_product_entity (sku, created_at, updated_at) VALUES ('WS-1', '2024-03-31 02:30:00', '2024-03-31 02:30:00'), ('ws-2', '2024-01-01', '2024-01-01');
INSERT INTO catalog_product_entity_decimal (attribute_id, store_id, entity_id, value) VALUES (77, 2, 1, 19.99), (77, 3, 1, NULL), (78, 2, 2, -99999999999999.999999);
INSERT INTO search_query (query_text, store_id) VALUES ('shoes', 2), ('Shoés', 3), (NULL, 2), (NULL, 2);
-- later
UPDATE catalog_product_entity_decimal SET value = value * 2 WHERE attribute_id = 77;
INSERT INTO search_query (query_text, popularity, store_id) VALUES ('shoes', 9, 2) ON DUPLICATE KEY UPDATE popularity = 9;
DELETE FROM catalog_product_entity_decimal WHERE attribute_id = 78;
ALTER TABLE store ADD COLUMN sort_order smallint unsigned NOT NULL DEFAULT 0 COMMENT 'Sort Order';
UPDATE store SET sort_order = 1 WHERE code = 'default';
